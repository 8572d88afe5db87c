/** Modules that the build makes: see site.plugin.ts. */
declare module 'virtual:course' {
  export const course: import('./course.ts').CourseEntry[];
  export const drills: Record<string, () => Promise<{ default: import('../drill/course.ts').Read }>>;
}
declare module 'virtual:commands' {
  const rooms: import('../drill/reference.ts').CommandRoom[];
  export default rooms;
}
declare module 'virtual:guide' {
  const html: string;
  export default html;
}
