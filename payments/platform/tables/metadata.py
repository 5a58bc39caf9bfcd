"""The MetaData that every table belongs to. `payments.platform.tables.every` loads all of them."""

from sqlalchemy import MetaData

metadata = MetaData()
