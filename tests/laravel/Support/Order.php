<?php

namespace Laravel\Reverb\Tests\Laravel\Support;

use Illuminate\Database\Eloquent\Model;

/**
 * A model that is found without a database: orders up to 99 exist, and belong to the user with the same last digit.
 *
 * @property int $id
 * @property string $owner
 */
class Order extends Model
{
    protected $guarded = [];

    public function resolveRouteBinding($value, $field = null): ?static
    {
        return $value < 100 ? new static(['id' => (int) $value, 'owner' => substr($value, -1)]) : null;
    }
}
