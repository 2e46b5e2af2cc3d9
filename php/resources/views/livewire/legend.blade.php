{{-- What the colours of a chart mean. Needs $lines. --}}
<div class="flex flex-wrap gap-4">
    @foreach ($lines as $line)
        <div class="flex items-center gap-2 text-xs text-gray-600 dark:text-gray-400 font-medium">
            <div class="h-0.5 w-3 rounded-full" style="background-color: {{ $line['color'] }}"></div>
            {{ $line['label'] }}
        </div>
    @endforeach
</div>
