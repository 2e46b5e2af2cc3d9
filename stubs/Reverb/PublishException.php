<?php

namespace Reverb;

/**
 * An event that was not published: the message names the cause and the remedy.
 */
class PublishException extends Exception {}
