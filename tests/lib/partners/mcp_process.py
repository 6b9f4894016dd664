"""A real MCP server with three tools, in a process of its own: `python mcp_process.py '{"json_response": true}'`.

With `{"of_2024": true}` it speaks HTTP+SSE only. It prints its port once connections are taken.
"""

import json
import socket
import sys

import uvicorn
from mcp.server.mcpserver import MCPServer


def use(where: str) -> str:
    """Do something there."""
    return where


def main() -> None:
    """Serve until killed."""
    server = MCPServer("Workshop", version="4.5.6")
    for name in ("saw", "drill", "glue"):
        server.add_tool(use, name=name, description="A tool")
    manner = json.loads(sys.argv[1])
    app = server.sse_app() if manner.pop("of_2024", False) else server.streamable_http_app(**manner)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        sys.stdout.write(f"{listener.getsockname()[1]}\n")
        sys.stdout.flush()
        uvicorn.Server(uvicorn.Config(app, log_config=None)).run(sockets=[listener])


if __name__ == "__main__":
    main()
