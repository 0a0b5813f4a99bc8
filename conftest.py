pytest_plugins = [
    "fixtures.options",
    "fixtures.generate",
    "fixtures.reporting",
    "fixtures.verdicts",
    "fixtures.benchmark",
    "fixtures.saving",
]
