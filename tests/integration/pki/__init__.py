"""Role pki and rotate-certificates.yml, run by Ansible on this machine against folders of a test."""
