"""What a database on a server carries: the price of a message that is put or claimed, and how processes add up.

Both sides of a ratio run in turns on the same server, with fsync on. Processes are compared with the same work for each
of them: a platform that takes 20 ms takes 50 messages a second from a recipient, whoever sends, so the same work for
more processes would measure the recipients.
"""

import asyncio
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from bach_lib import Bach, Connection, Status, SystemClock
from bach_lib.outbound.queue import Queue
from bach_lib.owners.notices import What, decoded
from bach_lib.storage import ServerDatabase
from benchmarks.claim import work_off
from benchmarks.cluster.fleet import Fleet, now
from benchmarks.cluster.house import until
from benchmarks.cluster.machines import Machine
from benchmarks.cluster.worker import CONNECTORS, PARALLEL
from benchmarks.floor import CONNECTION, DRAFT, NEW
from benchmarks.measuring import Effort, Figures, in_loop, opened, percentile, rate_of_callers, scratch, take_turns
from benchmarks.table import Aim, Row

CALLERS = 100
BUSY = 10_000
CLAIMED = 300
LANES = 1
"""Recipients for each process; of more, processes that share a machine measure the machine."""
MANY_LANES = 8
"""Of each process, so that they do."""
EACH = 100
"""Messages for each of them."""
WIDE = 6 * PARALLEL
"""Recipients of one connection: twice as many as three processes have workers."""
_SLOW = 200.0
"""Milliseconds; with less, so many workers on one machine measure the machine."""
_COLUMNS = ", ".join(NEW)


def rows(effort: Effort) -> Iterator[Row]:
    """All figures of one server."""
    with scratch() as folder:
        folder.chmod(0o755)  # the server is somebody else, where we are root
        (place := folder / "server").mkdir()
        machine = Machine(place)
        machine.start()
        try:
            yield from _put(machine, effort)
            yield from _claim(machine, effort)
            yield from _together(machine, effort, folder)
            yield from _busiest(machine, effort, folder)
            yield from _one_connection(machine, effort, folder)
            yield from _woken(machine, effort, folder)
        finally:
            machine.stop()


def _put(machine: Machine, effort: Effort) -> Iterator[Row]:
    address = _tables(machine, "put")
    sides = {f"{callers}": in_loop(_puts, address, callers, 2 * effort.seconds) for callers in (1, CALLERS)}
    figures = take_turns(sides, effort.rounds)
    yield figures.row("put, 100 callers", "/s", f"{CALLERS}", "1", Aim(limit=8, at_least=True, of_ratio=True))


async def _puts(address: str, callers: int, seconds: float) -> float:
    async with opened(ServerDatabase(address)) as store:
        queue = Queue(store, SystemClock(), "bench")
        await queue.put(DRAFT, leased=False)
        return await rate_of_callers(partial(queue.put, DRAFT, leased=False), callers, seconds)


def _claim(machine: Machine, effort: Effort) -> Iterator[Row]:
    """A claim beside an empty table, with a busy lane or a long history in it."""
    kinds = {"empty": (0, 0), "busy": (effort.of(BUSY), 0), "long": (0, effort.finished)}
    addresses = {name: _tables(machine, name) for name in kinds}
    for name, (waiting, finished) in kinds.items():
        _fill(machine, name, waiting, Status.PENDING, recipient="busy")
        _fill(machine, name, finished, Status.SENT, recipient="42")
        machine.ask("VACUUM ANALYZE bach.messages", name)
    sides = {
        f"{name} {workers}": partial(_claims, machine, name, addresses[name], workers, effort.of(CLAIMED) * workers)
        for name in kinds
        for workers in (1, 10)
    }
    figures = take_turns(sides, effort.rounds)
    aim = Aim(limit=1.2, of_ratio=True)
    for workers in (1, 10):
        who = f"{workers} at once"
        yield figures.row(f"claim, 10,000 wait in a busy lane, {who}", "µs", f"busy {workers}", f"empty {workers}", aim)
        yield figures.row(
            f"claim, {effort.finished:,} finished rows, {who}", "µs", f"long {workers}", f"empty {workers}", aim
        )


def _claims(machine: Machine, name: str, address: str, workers: int, count: int) -> float:
    """Microseconds for one message that is claimed and settled."""
    [[last]] = machine.ask("SELECT coalesce(max(id), 0) FROM bach.messages", name)
    first = int(str(last)) + 1
    _fill(machine, name, count, Status.PENDING, recipient="42")

    async def claim() -> float:
        async with opened(ServerDatabase(address)) as store:
            queue = Queue(store, SystemClock(), "bench")
            return 1e6 / await work_off(queue, range(first, first + count), workers, seconds=60)

    return asyncio.run(claim())


def _tables(machine: Machine, name: str) -> str:
    """An empty database with BACH's tables, and a connection that rests; its address."""
    address = machine.address(machine.empty_database(name))

    async def make() -> None:
        async with Bach(address, connectors=CONNECTORS, autostart=False) as bach:
            await bach.registry.add(Connection(name=CONNECTION, type="plain", is_active=False))

    asyncio.run(make())
    return address


def _fill(machine: Machine, name: str, count: int, status: Status, recipient: str) -> None:
    row = {**NEW, "status": status.value, "recipient": recipient}
    said = ", ".join(_said(value) for value in row.values())
    machine.ask(f"INSERT INTO bach.messages ({_COLUMNS}) SELECT {said} FROM generate_series(1, {count})", name)  # noqa: S608


def _said(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(int(value))
    return str(value) if isinstance(value, int | float) else "'" + str(value).replace("'", "''") + "'"


def _together(machine: Machine, effort: Effort, folder: Path) -> Iterator[Row]:
    """One, two, three processes, each with as much to do."""
    turns: dict[str, list[float]] = {"1": [], "2": [], "3": []}
    for number in range(max(1, effort.rounds // 5)):
        for workers in (1, 2, 3):
            (place := folder / f"together-{number}-{workers}").mkdir()
            rate = asyncio.run(_rate(_tables(machine, "together"), place, workers, LANES, effort))
            turns[f"{workers}"].append(rate / workers)
    figures = Figures(turns)
    for some in ("2", "3"):
        aim = Aim(limit=0.9, at_least=True, of_ratio=True)
        yield figures.row(f"{some} processes, 20 ms platforms, of each", "/s", some, "1", aim)


def _busiest(machine: Machine, effort: Effort, folder: Path) -> Iterator[Row]:
    """Three processes with more to do than a machine can."""
    (place := folder / "busiest").mkdir()
    rate = asyncio.run(_rate(_tables(machine, "busiest"), place, 3, MANY_LANES, effort))
    yield Row(name="3 processes and their server, all they can", unit="/s", ours=rate)


def _one_connection(machine: Machine, effort: Effort, folder: Path) -> Iterator[Row]:
    """One, two, three processes that deliver one connection, whose owner lends what it has no worker free for."""
    turns: dict[str, list[float]] = {"1": [], "2": [], "3": []}
    for number in range(max(1, effort.rounds // 5)):
        for workers in (1, 2, 3):
            (place := folder / f"lent-{number}-{workers}").mkdir()
            turns[f"{workers}"].append(asyncio.run(_lent(_tables(machine, "lent"), place, workers, effort)))
    figures = Figures(turns)
    for some in ("2", "3"):
        aim = Aim(limit=0.9 * int(some), at_least=True, of_ratio=True)
        yield figures.row(f"{some} processes on one connection, {_SLOW:.0f} ms platform", "/s", some, "1", aim)


async def _lent(address: str, folder: Path, workers: int, effort: Effort) -> float:
    """Messages a second; every process, also the owner alone, has all its workers busy until nearly the end."""
    fleet = Fleet(address, folder, seconds=_SLOW / 1000)
    async with Bach(address, connectors=CONNECTORS, autostart=False) as bach:
        await bach.registry.add(Connection(name="hook", type="together"))
        each, lanes = workers * effort.of(EACH // 20), range(WIDE)
        try:
            await fleet.start(*(f"worker{number}" for number in range(workers)))
            await asyncio.gather(*(bach.send("hook", f"{lane}", f"{one}") for one in range(each) for lane in lanes))

            async def have_all() -> bool:
                return len(fleet.arrived()) == each * len(lanes)

            await until(have_all)
            arrived = fleet.arrived()
        finally:
            await fleet.end_all()
    return len(arrived) / ((arrived[-1].at - arrived[0].at) / 1e9)


async def _rate(address: str, folder: Path, workers: int, lanes: int, effort: Effort) -> float:
    """Messages a second from the first that arrived to the last."""
    fleet = Fleet(address, folder)
    names = [f"c{number}" for number in range(workers * lanes)]
    async with Bach(address, connectors=CONNECTORS, autostart=False) as bach:
        await asyncio.gather(*(bach.registry.add(Connection(name=name, type="plain")) for name in names))
        try:
            await fleet.start(*(f"worker{number}" for number in range(workers)))
            await _shared(bach, workers, lanes)
            each = effort.of(EACH)
            await asyncio.gather(*(bach.send(name, "ada", f"{number}") for number in range(each) for name in names))

            async def have_all() -> bool:
                return len(fleet.arrived()) == each * len(names)

            await until(have_all)
            arrived = fleet.arrived()
        finally:
            await fleet.end_all()
    return len(arrived) / ((arrived[-1].at - arrived[0].at) / 1e9)


async def _shared(bach: Bach, workers: int, each: int) -> None:
    """Wait until all have the same share."""

    async def is_so() -> bool:
        shares = [set(one.connections) - {CONNECTION} for one in await bach.processes()]
        return [len(share) for share in shares if share] == [each] * workers

    await until(is_so)


def _woken(machine: Machine, effort: Effort, folder: Path) -> Iterator[Row]:
    """How soon another process knows that there is something to do, and how soon that is done.

    The latter is with the claim, whose commit waits for the disk; a process that owns the connection claims a message
    in the transaction that stores it.
    """
    samples = max(3, effort.samples // 5)
    told, sent = asyncio.run(_until_sent(_tables(machine, "woken"), folder, samples))
    for name, share, aim in (("median", 0.5, Aim(limit=5)), ("p99", 0.99, None)):
        yield Row(name=f"stored here → notice there, {name}", unit="ms", ours=percentile(told, share), aim=aim)
        yield Row(name=f"stored here → sent there, {name}", unit="ms", ours=percentile(sent, share))


async def _until_sent(address: str, folder: Path, samples: int) -> tuple[list[float], list[float]]:
    """Milliseconds from the moment a message is stored until who listens is told, and until its owner hands it over."""
    stored, told = dict[int, int](), dict[int, int]()
    (place := folder / "woken").mkdir()
    fleet = Fleet(address, place, seconds=0.0)

    def hear(heard: str) -> None:
        notice = decoded(heard)
        if notice and notice.what is What.WRITTEN:
            told.update((one, now()) for one in notice.ids if one not in told)

    listening = ServerDatabase(address)
    async with Bach(address, connectors=CONNECTORS, autostart=False) as bach, opened(listening):
        await bach.registry.add(Connection(name="c0", type="plain"))
        try:
            await fleet.start("worker")
            await _shared(bach, 1, 1)
            listening.listen(hear, lambda: None)
            for number in range(samples):
                receipt = await bach.send("c0", "ada", f"{number}")
                stored[receipt.id] = now()
                await bach.wait(receipt.id, 60)
                await asyncio.sleep(0.01)
        finally:
            await fleet.end_all()
    began = list(stored.values())
    return (
        [(told[one] - at) / 1e6 for one, at in stored.items() if one in told],  # it listens a moment after it begins
        [(one.at - began[int(one.text)]) / 1e6 for one in fleet.arrived()],
    )
