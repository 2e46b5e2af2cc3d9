--TEST--
The extension loads and registers its classes
--EXTENSIONS--
reverb
--FILE--
<?php
echo preg_match('/^\d+\.\d+\.\d+$/', phpversion('reverb')), "\n";
foreach ((new ReflectionExtension('reverb'))->getClasses() as $class) {
    echo $class->name, $class->isFinal() ? ' (final)' : '', ' < ', $class->getParentClass()->name ?? '-', "\n";
}
?>
--EXPECT--
1
Reverb\Exception < RuntimeException
Reverb\ConfigurationException < Reverb\Exception
Reverb\ServerException < Reverb\Exception
Reverb\PublishException < Reverb\Exception
Reverb\Server (final) < -
Reverb\Publisher (final) < -
