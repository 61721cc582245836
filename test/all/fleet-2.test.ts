import { playFleet } from './rooms.ts'

await playFleet('rest', 2, 2)
