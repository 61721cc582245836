/** How a platform answers an Idempotency-Key that it has seen: again, without the secret, or as if it had not. */
export const replays = ['with the secret', 'without the secret', 'none'] as const
export type Replay = (typeof replays)[number]

/** The same answer without the secret of the key that it is about. */
export async function withoutSecret(answer: Response): Promise<Response> {
  if (!answer.ok) return answer
  const rest = { ...((await answer.json()) as object), key: undefined }
  return Response.json(rest, { status: answer.status, headers: answer.headers })
}

/** Sends a request to a platform that replays in this way; `seen`: what was answered before. */
export async function replaying(
  request: Request,
  replay: Replay,
  seen: Set<string>,
  send: (request: Request) => Promise<Response>,
): Promise<Response> {
  const name = request.headers.get('idempotency-key')
  if (name === null || replay === 'with the secret') return await send(request)
  if (replay === 'none') {
    const headers = new Headers(request.headers)
    headers.delete('idempotency-key')
    return await send(new Request(request, { headers }))
  }
  const answer = await send(request)
  if (seen.has(name)) return await withoutSecret(answer)
  if (answer.ok) seen.add(name)
  return answer
}
