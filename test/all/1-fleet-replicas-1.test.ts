import { playFleet } from './rooms.ts'

await playFleet('replicas', 1, 2)
