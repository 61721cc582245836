import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parse } from 'yaml'

export interface Applied {
  readonly path: string
  readonly type: string
  readonly manager: string | null
  readonly data: Readonly<Record<string, string>>
}

/** As much of the API of a Kubernetes cluster as `kubectl` asks for to keep one Secret. */
export async function openCluster(): Promise<{
  readonly kubeconfig: string
  readonly applied: () => Applied | null
  readonly close: () => void
}> {
  let applied: Applied | null = null
  const resource = { name: 'secrets', singularName: 'secret', namespaced: true, kind: 'Secret' }
  const verbs = ['create', 'delete', 'get', 'list', 'patch', 'update']
  const secretNow = (data: Applied['data']) => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'fluxloop', namespace: 'agents', resourceVersion: '1', uid: 'u' },
    type: 'Opaque',
    // Clusters leave an empty map out.
    ...(Object.keys(data).length === 0 ? {} : { data }),
  })
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
      const answer = (status: number, body: object) =>
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
      if (pathname === '/api') answer(200, { kind: 'APIVersions', versions: ['v1'] })
      else if (pathname === '/apis') answer(200, { kind: 'APIGroupList', apiVersion: 'v1', groups: [] })
      else if (pathname === '/api/v1') {
        const resources = [{ ...resource, verbs }]
        answer(200, { kind: 'APIResourceList', groupVersion: 'v1', resources })
      } else if (pathname.endsWith('/selfsubjectaccessreviews')) {
        const version = { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview' }
        answer(201, { ...version, spec: {}, status: { allowed: true } })
      } else if (pathname.includes('/secrets/') && request.method === 'PATCH') {
        const { data } = parse(Buffer.concat(chunks).toString('utf8')) as { data: Applied['data'] }
        const type = request.headers['content-type'] ?? ''
        applied = { path: pathname, type, manager: searchParams.get('fieldManager'), data }
        answer(200, secretNow(data))
      } else if (pathname.includes('/secrets/') && applied !== null) answer(200, secretNow(applied.data))
      else answer(404, { kind: 'Status', status: 'Failure', reason: 'NotFound', code: 404 })
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const named = (name: string, value: object) => ({ name: 'test', [name]: value })
  const kubeconfig = JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    clusters: [named('cluster', { server: `http://127.0.0.1:${port}` })],
    contexts: [named('context', { cluster: 'test', user: 'test' })],
    users: [named('user', {})],
  })
  return { kubeconfig, applied: () => applied, close: () => void server.close() }
}
