/** Databases that copies are made of begin so; the run's end removes them. */
export function templatePrefix(runId: string): string {
  return `mirror_template_${runId}_`;
}
