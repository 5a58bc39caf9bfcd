"""What has served its time: authorizations expire, old rows are pruned, gently."""
