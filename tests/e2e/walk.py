"""A person's way through the pages, with what it costs them: clicks, and fields that they have to fill."""

from playwright.async_api import Locator, Page


class Walk:
    """Every step of a person goes through here. Boxes to search in are no fields: nobody has to use one."""

    def __init__(self) -> None:
        self.clicks: int = 0
        self.fields: int = 0

    @property
    def cost(self) -> tuple[int, int]:
        """How many clicks, and how many fields, so far."""
        return self.clicks, self.fields

    async def click(self, *targets: Locator) -> None:
        """Press them, one after the other."""
        for target in targets:
            await target.click()
            self.clicks += 1

    async def choose(self, box: Locator, option: str) -> None:
        """Open a list, and take one of it."""
        await box.select_option(option)
        self.clicks += 2

    async def fill(self, box: Locator, text: str) -> None:
        """Type something."""
        await box.fill(text)
        self.fields += 1


def button(within: Page | Locator, name: str) -> Locator:
    """With just this text."""
    return within.get_by_role("button", name=name, exact=True)
