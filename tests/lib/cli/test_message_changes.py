"""`bach msg` does something to a message that is there already."""

from tests.lib.cli.conftest import ADA, Run, Telegram


def test_what_came_in_is_answered(home: Run, telegram: Telegram) -> None:
    """Whoever reads a question in the terminal would have to find out where to write to."""
    telegram.write("Is the door shut?")
    home("connector", "poll", "home")
    answered = home("msg", "reply", 1, "It", "is", "--wait", 20, "--json").row()
    assert answered["status"] == "sent"
    assert (telegram.sent, telegram.answered) == (["It is"], [1])
    assert home("msg", "reply", 9, "x").code == 1


def test_what_is_there_is_pinned_and_gets_an_emoji(home: Run, telegram: Telegram) -> None:
    """Somebody would have to take their phone for that."""
    telegram.write("Is the door shut?")
    home("connector", "poll", "home")
    home("connector", "send", "home", ADA, "It is", "--wait", 20)
    for words in (("pin", 1, "--silent"), ("unpin", 1), ("react", 1, "👍"), ("pin", 1, "--incoming")):
        assert home("msg", *words, "--json").row()["status"] == "pending", words
    passed = home("msg", "forward", 1, "home", ADA, "--copy", "--json").row()
    assert (passed["status"], passed["recipient"]) == ("pending", str(ADA))
    assert home("msg", "react", 9, "👍", "--incoming").code == 1
