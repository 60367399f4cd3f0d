pytest_plugins = ["tests.support.databases", "tests.support.world", "tests.support.browsers", "tests.support.sound"]
