import { access, constants, statfs } from 'node:fs/promises'

/** tmpfs and ramfs, as Linux numbers them (statfs(2)). */
const inMemory: readonly number[] = [0x01021994, 0x858458f6]

/** What processes share on Linux: everybody may write there, and a program's own folder in it is its user's alone. */
const sharedMemory = '/dev/shm'

/** Where a program may keep a file that reaches no disk: in the folder of the session, else in shared memory; null: nowhere. */
export async function memoryFolder(
  { XDG_RUNTIME_DIR: session }: NodeJS.ProcessEnv,
  shared: string = sharedMemory,
): Promise<string | null> {
  if (session !== undefined && session !== '') return session
  try {
    await access(shared, constants.W_OK | constants.X_OK)
    return inMemory.includes((await statfs(shared)).type) ? shared : null
  } catch {
    return null
  }
}
