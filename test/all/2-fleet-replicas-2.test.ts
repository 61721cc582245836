import { playFleet } from './rooms.ts'

await playFleet('replicas', 2, 2)
