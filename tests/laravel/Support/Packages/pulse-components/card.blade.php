<section {{ $attributes->only("class") }}>{{ $slot }}</section>
