"""The API as it is described: request bodies, query strings, answers, the OpenAPI document."""
