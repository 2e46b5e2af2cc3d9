--TEST--
Exceptions can be made, extended and caught by PHP code
--EXTENSIONS--
reverb
--FILE--
<?php
class Mine extends Reverb\PublishException {}

try {
    throw new Mine('mine', 7, new LogicException('inner'));
} catch (Reverb\Exception $e) {
    echo $e::class, ': ', $e->getMessage(), ' ', $e->getCode(), ' ', $e->getPrevious()->getMessage(), "\n";
}
?>
--EXPECT--
Mine: mine 7 inner
