<?php

use App\Models\User;
use Illuminate\Support\Facades\Broadcast;

Broadcast::channel('App.Models.User.{id}', fn (User $user, string $id) => (string) $user->id === $id);

Broadcast::channel('room', fn (User $user) => ['id' => $user->id, 'name' => $user->name]);
