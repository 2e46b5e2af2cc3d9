<?php

namespace Laravel\Reverb\Tests\Laravel;

use App\Models\User;
use Illuminate\Broadcasting\Broadcasters\PusherBroadcaster;
use Illuminate\Support\Facades\Broadcast;
use Illuminate\Testing\TestResponse;

/**
 * /broadcasting/auth, signed by the extension. The signatures were made with openssl dgst -sha256 -hmac test-secret.
 */
class BroadcastingAuthTest extends TestCase
{
    public function test_the_owner_of_a_private_channel_gets_its_signature(): void
    {
        $this->authorize('private-App.Models.User.42')->assertOk()->assertExactJson([
            'auth' => 'test-key:2946fb37923b537c01c731b5af7cff372bfa399b654bc4cb9a0ebde9f50a2f08',
        ]);
    }

    public function test_a_member_of_a_presence_channel_gets_its_signature_and_its_data(): void
    {
        $this->authorize('presence-room')->assertOk()->assertExactJson([
            'auth' => 'test-key:c7a1d6ac1c6aedd07645b776ab2af197d525a6b485f79fc2d767228eb71123e3',
            'channel_data' => '{"user_id":"42","user_info":{"id":"42","name":"Ada"}}',
        ]);
    }

    public function test_jsonp_is_answered_as_such_where_the_connection_allows_it(): void
    {
        config(['broadcasting.connections.reverb.jsonp' => true]);
        Broadcast::purge('reverb');
        require base_path('routes/channels.php');

        $this->assertSame(
            '/**/answer({"auth":"test-key:2946fb37923b537c01c731b5af7cff372bfa399b654bc4cb9a0ebde9f50a2f08"});',
            $this->authorize('private-App.Models.User.42', ['callback' => 'answer'])->assertOk()->getContent()
        );
    }

    public function test_jsonp_is_allowed_unless_the_framework_wants_to_be_told(): void
    {
        $content = $this->authorize('private-App.Models.User.42', ['callback' => 'answer'])->assertOk()->getContent();

        $this->assertSame(property_exists(PusherBroadcaster::class, 'allowJsonp'), ! str_starts_with($content, '/**/answer('));
    }

    public function test_somebody_else_is_refused(): void
    {
        $this->authorize('private-App.Models.User.43')->assertForbidden();
    }

    public function test_a_stranger_is_refused(): void
    {
        $this->post('/broadcasting/auth', ['channel_name' => 'presence-room', 'socket_id' => '1234.5678'])->assertForbidden();
    }

    public function test_a_channel_without_a_rule_is_refused(): void
    {
        $this->authorize('private-unknown')->assertForbidden();
    }

    public function test_a_socket_id_that_could_carry_another_signature_is_refused(): void
    {
        $this->authorize('private-App.Models.User.42', ['socket_id' => '1234.5678:presence-room'])->assertForbidden();
    }

    public function test_a_user_is_authenticated(): void
    {
        Broadcast::userRoutes();
        Broadcast::resolveAuthenticatedUserUsing(fn ($request) => ['id' => $request->user()->id, 'name' => 'Ada']);

        $this->actingAs(new User('42', 'Ada'))->post('/broadcasting/user-auth', ['socket_id' => '1234.5678'])
            ->assertOk()->assertExactJson([
                'auth' => 'test-key:d0b2ec26c237a2f1fd1008639169cd22bc5b6b799d4bbbe10bb0854ab2ccc67e',
                'user_data' => '{"id":"42","name":"Ada"}',
            ]);
    }

    public function test_a_missing_secret_is_named(): void
    {
        config(['broadcasting.connections.reverb.secret' => null]);
        Broadcast::purge('reverb');
        Broadcast::channel('room', fn () => true);

        $this->withoutExceptionHandling()->expectExceptionMessage(
            'Cannot broadcast through Reverb: [broadcasting.connections.reverb.secret] is missing or empty: set REVERB_APP_SECRET in the environment ("php artisan reverb:install" does)'
        );

        $this->authorize('presence-room');
    }

    private function authorize(string $channel, array $input = []): TestResponse
    {
        return $this->actingAs(new User('42', 'Ada'))->post(
            '/broadcasting/auth', $input + ['channel_name' => $channel, 'socket_id' => '1234.5678']
        );
    }
}
