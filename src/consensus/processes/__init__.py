"""The processes of a running system: the Prefect server, the flows that it runs and the web app.

Nothing here imports Prefect: it starts programs with their environment spelt out, asks over HTTP whether they are
ready, and stops them. The command line uses it for `up` and `demo`.
"""

from consensus.processes.children import Child, children, environment, flows_child, server_child, web_child
from consensus.processes.supervisor import Supervisor, install_signals

__all__ = [
    "Child",
    "Supervisor",
    "children",
    "environment",
    "flows_child",
    "install_signals",
    "server_child",
    "web_child",
]
