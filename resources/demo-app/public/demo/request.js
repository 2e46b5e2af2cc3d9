// Requests to the Laravel application.

const token = document.querySelector('meta[name="csrf-token"]').content;

/** Sends a JSON request and shows why it failed if it did. */
export async function send(method, path, body) {
  const response = await fetch(path, {
    method,
    headers: { 'Content-Type': 'application/json', Accept: 'application/json', 'X-CSRF-TOKEN': token },
    body: JSON.stringify(body),
  });

  const answer = await response.json().catch(() => ({}));
  document.getElementById('problem').textContent = response.ok ? '' : answer.message ?? `The request failed: ${response.status}`;

  return answer;
}
