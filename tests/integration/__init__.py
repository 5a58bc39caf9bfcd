"""Tests against real servers, without HTTP."""
