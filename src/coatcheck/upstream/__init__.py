"""The upstream room: other people's servers that say who somebody is. It returns an `Identity`; it lets nobody in.

A `Provider` is data: what it is asked, where, and which words of its answer may be believed. One trip to it and back is
a `RoundTrip`; what goes wrong on it is an `UpstreamFailed` whose name explains itself (`trouble.py`).
"""
