{{-- One application's line chart. Needs $id, $readings (by the keys of $lines), $lines, $event and $subject; Chart and Alpine come with Pulse. --}}
<div
    wire:ignore
    class="h-14"
    x-data="{
        init() {
            const lines = @js($lines);
            const fill = (readings) => {
                chart.data.labels = Object.keys(readings[lines[0].key]);
                lines.forEach((line, place) => chart.data.datasets[place].data = Object.values(readings[line.key]));
                chart.update();
            };

            let chart = new Chart(this.$refs.canvas, {
                type: 'line',
                data: {
                    labels: [],
                    datasets: lines.map((line, place) => ({
                        label: line.label, borderColor: line.color, yAxisID: line.axis, order: place, data: [],
                    })),
                },
                options: {
                    maintainAspectRatio: false,
                    layout: { autoPadding: false, padding: { top: 1 } },
                    datasets: {
                        line: { borderWidth: 2, borderCapStyle: 'round', pointHitRadius: 10, pointStyle: false, tension: 0.2, spanGaps: false },
                    },
                    scales: {
                        x: { display: false },
                        ...Object.fromEntries(lines.map((line) => [line.axis, { display: false, beginAtZero: true }])),
                    },
                    plugins: {
                        legend: { display: false },
                        tooltip: { mode: 'index', position: 'nearest', intersect: false },
                    },
                },
            });

            fill(@js($readings));

            Livewire.on('{{ $event }}', (update) => {
                const readings = update['{{ $subject }}'][@js((string) $id)];

                if (chart && readings) {
                    fill(readings);
                } else if (chart) {
                    chart.destroy();
                    chart = null;
                }
            });
        },
    }"
>
    <canvas x-ref="canvas" class="ring-1 ring-gray-900/5 dark:ring-gray-100/10 bg-gray-50 dark:bg-gray-800 rounded-md shadow-sm"></canvas>
</div>
