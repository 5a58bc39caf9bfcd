"""A test's database is dropped also while the server still deletes one of its files."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from pymysql.err import OperationalError

from stack.mariadb import MariaDBServer
from tests import servers
from tests.servers import until


def test_a_database_is_dropped_though_one_of_its_files_is_there_a_little_longer(own_mariadb: MariaDBServer) -> None:
    address, folder = own_mariadb.address, own_mariadb.folder / "data" / "d"
    address.execute("CREATE DATABASE d", "CREATE TABLE d.t (a INT)")
    left = folder / "left"
    left.touch()
    with ThreadPoolExecutor() as pool:
        dropped = pool.submit(servers.drop, address, "d")
        until(lambda: not (folder / "t.frm").exists(), "the first attempt has dropped the table")
        left.unlink()
        dropped.result()
    assert not folder.exists()


def test_a_database_whose_folder_stays_full_is_an_error(own_mariadb: MariaDBServer) -> None:
    own_mariadb.address.execute("CREATE DATABASE d")
    (own_mariadb.folder / "data" / "d" / "left").touch()
    with pytest.raises(OperationalError, match="Directory not empty"):
        servers.drop(own_mariadb.address, "d", seconds=0)
