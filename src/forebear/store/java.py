"""The command line of the embedded engine, which is a Java program."""

import importlib.util
from pathlib import Path

from forebear.store.errors import EngineFailed

DATABASE = "forebear"

# Java options from the environment could open ports, and our own settings hold passwords.
ENVIRONMENT = {"HOME", "LANG", "LC_ALL", "LC_CTYPE", "PATH", "TMPDIR", "TZ"}

OPTIONS = (
    "-XX:+UseSerialGC",
    "-Djava.awt.headless=true",
    "--enable-native-access=ALL-UNNAMED",
    "--add-opens=java.base/java.nio=ALL-UNNAMED",
    "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
    "--sun-misc-unsafe-memory-access=allow",
)
"""The options of the Java machine."""


def command(directory: Path, heap: int, limit: float, bolt: int, http: int) -> list[str]:
    """Return the command that starts an engine on the data in `directory`, with `heap` MB, and listens to two ports.

    The engine ends statements after `limit` seconds. Raises EngineFailed if it is not installed.
    """
    package = importlib.util.find_spec("arcadedb_embedded")
    if package is None or not package.submodule_search_locations:
        raise EngineFailed(
            "The embedded engine is not installed: pip install 'forebear[embedded]', or name a Neo4j with FOREBEAR_GRAPH_URI."
        )
    home = Path(package.submodule_search_locations[0])
    settings = {
        "server.rootPath": directory,
        "server.rootPasswordPath": directory / "password",
        # A random password needs no stretching; this saves 0.3 s of the start.
        "server.saltIterations": 1,
        "server.logsDirectory": directory / "log",
        "server.defaultDatabases": f"{DATABASE}[root]",
        "server.plugins": "Bolt:com.arcadedb.bolt.BoltProtocolPlugin",
        "server.httpIncomingHost": "127.0.0.1",
        "server.httpIncomingPort": http,
        "bolt.host": "127.0.0.1",
        "bolt.port": bolt,
        "bolt.defaultDatabase": DATABASE,
        "serverMetrics": "false",
        "polyglotEngineEnabled": "false",
        "command.timeout": int(limit * 1000),
        # It reckons some 17 KB for a row of `impact` of a hub, and for seconds after the statement, so the third of 12,000 rows
        # was refused. How many rows a statement may hold is limited besides.
        "queryMaxHeapRAM": 0,
        # By default twice the cores: a few abandoned statements would keep every other one waiting.
        "queryMaxConcurrent": 64,
        # Synced to disk at commit, so that what was acknowledged survives a loss of power too; it
        # costs each commit one fsync. Without it a commit survives the engine's end, no more.
        "txWalFlush": 2,
    }
    return [
        str(home / "jre" / "bin" / "java"),
        f"-Xmx{heap}m",
        *OPTIONS,
        *(f"-Darcadedb.{name}={value}" for name, value in settings.items()),
        "-cp",
        str(home / "jars" / "*"),
        "com.arcadedb.server.ArcadeDBServer",
    ]
