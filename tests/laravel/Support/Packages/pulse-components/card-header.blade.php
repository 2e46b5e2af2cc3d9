<header title="{{ $title }}">{{ $name }} ({{ $details }}) {{ $icon }} {{ $actions }}</header>
