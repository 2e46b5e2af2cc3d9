<?php

namespace Laravel\Reverb\Contracts;

use Illuminate\Support\Collection;
use Laravel\Reverb\Application;

interface ApplicationProvider
{
    /**
     * Get all of the applications.
     *
     * @return \Illuminate\Support\Collection<int, \Laravel\Reverb\Application>
     */
    public function all(): Collection;

    /**
     * Find an application by its ID.
     *
     * @throws \Laravel\Reverb\Exceptions\InvalidApplication
     */
    public function findById(string $id): Application;

    /**
     * Find an application by its key.
     *
     * @throws \Laravel\Reverb\Exceptions\InvalidApplication
     */
    public function findByKey(string $key): Application;
}
