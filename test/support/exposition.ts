/** Prometheus' text format, as far as tests read it. */

/** The sum of all series of this name whose labels contain the text; 0 when there is none. */
export function sumOfMetric(text: string, name: string, labels = ''): number {
  const series = text.split('\n').filter((line) => (line.startsWith(`${name} `) || line.startsWith(`${name}{`)) && line.includes(labels));
  return series.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}
