"""HTTP: decodes requests, calls one use case, encodes its answer; misbehaves on the wire as faults say."""
