<?php

namespace App\Http\Controllers;

use App\Models\User;
use Illuminate\Http\JsonResponse;
use Illuminate\Http\Request;

class VisitorController
{
    /**
     * Let the visitor choose a name.
     */
    public function update(Request $request): JsonResponse
    {
        $name = $request->string('name')->squish()->limit(40, '')->toString();

        abort_if($name === '', 422, 'A name needs at least one letter.');

        $visitor = new User($request->user()->id, $name);
        $visitor->remember($request);

        return response()->json(['id' => $visitor->id, 'name' => $visitor->name]);
    }
}
