<div {{ $attributes->except("expand") }}>{{ $slot }}</div>
