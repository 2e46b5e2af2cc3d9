<?php

namespace Laravel\Reverb\Protocols\Pusher\Channels\Concerns;

trait ListsMembers
{
    /**
     * Get the data that a new subscriber is told.
     *
     * @return array{presence: array{count: int, ids: list<int|string>, hash: array<int|string, mixed>}}
     */
    public function data(): array
    {
        $members = collect($this->connections())
            ->map(fn ($connection) => $connection->data())
            ->unique(fn ($member) => 'user '.$member['user_id']);

        return ['presence' => [
            'count' => $members->count(),
            'ids' => $members->pluck('user_id')->all(),
            'hash' => $members->mapWithKeys(fn ($member) => [$member['user_id'] => $member['user_info'] ?? null])->all(),
        ]];
    }
}
