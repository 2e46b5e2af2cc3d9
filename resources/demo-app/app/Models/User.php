<?php

namespace App\Models;

use Illuminate\Auth\GenericUser;
use Illuminate\Http\Request;

/**
 * A visitor of this application: a name in the session, no database needed.
 *
 * @property-read string $id
 * @property-read string $name
 */
class User extends GenericUser
{
    /**
     * Create a new user instance.
     */
    public function __construct(string $id, string $name)
    {
        parent::__construct(['id' => $id, 'name' => $name]);
    }

    /**
     * Get the user of the given request, if its session has one.
     */
    public static function fromSession(Request $request): ?static
    {
        $visitor = $request->hasSession() ? $request->session()->get('visitor') : null;

        return $visitor ? new static($visitor['id'], $visitor['name']) : null;
    }

    /**
     * Remember the user in the given request's session.
     */
    public function remember(Request $request): static
    {
        $request->session()->put('visitor', ['id' => $this->id, 'name' => $this->name]);

        return $this;
    }
}
