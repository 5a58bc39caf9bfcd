"""Who is asking: merchants, their API keys and operators' keys."""
