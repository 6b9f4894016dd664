"""The control socket: a Unix socket beside an open database, by which the owner's other programs ask who has it open.

The server answers operations, plain values in and JSON out; the link asks for them. The `bach` command and
`bach_lib.connect` both speak through it, so there is one mechanism. Nothing here prints or needs an extra.
"""
