<?php

namespace Reverb;

/**
 * The parent of everything that the extension throws on its own account.
 */
class Exception extends \RuntimeException {}
