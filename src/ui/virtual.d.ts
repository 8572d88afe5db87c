declare module 'virtual:course' {
  import type { Read } from '../drill/course.ts';
  import type { CourseEntry } from './course.ts';
  export const course: CourseEntry[];
  export const drills: Record<string, () => Promise<{ default: Read }>>;
}
