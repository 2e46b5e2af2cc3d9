<?php

namespace Reverb;

/**
 * A configuration that cannot be used: the message names the key, the value and what is allowed.
 */
class ConfigurationException extends Exception {}
