# The fuzzing client of the Autobahn test suite, on PyPy 2.7 and without the packages that need a C compiler.
# Arguments: the address of the server, the folder of the reports, then the cases (`12.*`; default: all).

import sys
import types
import unittest

import twisted.internet

# The client imports them for TLS and for the suite's own tests, and uses neither.
ssl = types.ModuleType('twisted.internet.ssl')
sys.modules['twisted.internet.ssl'] = twisted.internet.ssl = ssl
sys.modules['unittest2'] = unittest

# Before the reactor, which it chooses.
import autobahntestsuite
from autobahntestsuite import fuzzing
from twisted.internet import reactor

fuzzing.startClient({
    'outdir': sys.argv[2],
    'servers': [{'agent': 'echo', 'url': sys.argv[1]}],
    'cases': sys.argv[3:] or ['*'],
    'exclude-cases': [],
    'exclude-agent-cases': {},
})
reactor.run()
