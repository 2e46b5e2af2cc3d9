<?php

// Prints the classes of the stub files that are given, or, without one, those of the extension.

$files = array_slice($argv, 1);

if ($files === [] && ! extension_loaded('reverb')) {
    fwrite(STDERR, "the extension `reverb` is not loaded\n");
    exit(1);
}

// A stub may name a parent whose file comes later...
spl_autoload_register(fn ($class) => require_once 'stubs/'.strtr($class, '\\', '/').'.php');
array_walk($files, fn ($file) => require_once $file);

$classes = array_filter(get_declared_classes(), fn ($name) => str_starts_with($name, 'Reverb\\'));
sort($classes);

foreach ($classes as $name) {
    $class = new ReflectionClass($name);
    echo describeClass($class), "\n";

    $own = fn ($member) => $member->getDeclaringClass()->name === $name;
    $lines = [
        ...array_map(describeMethod(...), array_filter($class->getMethods(), $own)),
        ...array_map(strval(...), array_filter($class->getProperties(), $own)),
        ...array_map(strval(...), array_filter($class->getReflectionConstants(), $own)),
    ];

    sort($lines);
    echo implode('', array_map(fn ($line) => "    {$line}\n", $lines));
}

function describeClass(ReflectionClass $class): string
{
    $interfaces = $class->getInterfaceNames();
    sort($interfaces);

    return implode(' ', [...Reflection::getModifierNames($class->getModifiers()), 'class', $class->name])
        .($class->getParentClass() ? " extends {$class->getParentClass()->name}" : '')
        .($interfaces ? ' implements '.implode(', ', $interfaces) : '');
}

function describeMethod(ReflectionMethod $method): string
{
    return implode(' ', Reflection::getModifierNames($method->getModifiers()))." function {$method->name}("
        .implode(', ', array_map(describeParameter(...), $method->getParameters())).')'
        .($method->hasReturnType() ? ": {$method->getReturnType()}" : '');
}

function describeParameter(ReflectionParameter $parameter): string
{
    return $parameter->getType().($parameter->isVariadic() ? ' ...' : ' ').($parameter->isPassedByReference() ? '&' : '').'$'.$parameter->name
        .($parameter->isDefaultValueAvailable() ? ' = '.var_export($parameter->getDefaultValue(), true) : '');
}
