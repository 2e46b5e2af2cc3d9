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

# Seconds. The suite's own limits, of one second mostly, are met by a good server on a machine that has little else to do;
# a case ends as soon as it has what it waits for, so only a failing one reaches these.
LIMIT = 600


class PatientProtocol(fuzzing.FuzzingClientProtocol):
    def connectionMade(self):
        self.limits = []
        super(PatientProtocol, self).connectionMade()

    def connectionLost(self, reason):
        # They would keep the case and its messages in memory.
        for limit in self.limits:
            if limit.active():
                limit.cancel()
        super(PatientProtocol, self).connectionLost(reason)

    def killAfter(self, _delay):
        self.limits.append(reactor.callLater(LIMIT, self.executeKillAfter))

    def closeAfter(self, _delay):
        self.limits.append(reactor.callLater(LIMIT, self.executeCloseAfter))


fuzzing.FuzzingClientProtocol = PatientProtocol
fuzzing.startClient({
    'outdir': sys.argv[2],
    'options': {name: LIMIT for name in ('openHandshakeTimeout', 'closeHandshakeTimeout', 'serverConnectionDropTimeout')},
    'servers': [{'agent': 'echo', 'url': sys.argv[1]}],
    'cases': sys.argv[3:] or ['*'],
    'exclude-cases': [],
    'exclude-agent-cases': {},
})
reactor.run()
