<?php

namespace Reverb;

/**
 * A server that cannot be started or used: a port in use, an address of another machine, a socket file in the way.
 */
class ServerException extends Exception {}
