/** What moves on the page: the events' filter, what lies over a scene, and a reading under the pointer on each plot. Without it, all is shown. */
export const script = `
for (const box of document.querySelectorAll('input[data-severity]'))
  box.addEventListener('change', () => {
    for (const row of document.querySelectorAll('#events tbody tr'))
      if (row.dataset.severity === box.dataset.severity) row.hidden = !box.checked;
  });
for (const box of document.querySelectorAll('input[data-shows]'))
  box.addEventListener('change', () => document.getElementById(box.dataset.shows).toggleAttribute('hidden', !box.checked));
for (const svg of document.querySelectorAll('svg[data-plot]')) {
  const { x0, x1, endS } = JSON.parse(svg.dataset.plot);
  const lines = [...svg.querySelectorAll('path[data-values]')].map((path) => ({
    name: path.dataset.name,
    values: JSON.parse(path.dataset.values),
  }));
  const cursor = svg.appendChild(document.createElementNS('http://www.w3.org/2000/svg', 'path'));
  cursor.setAttribute('class', 'cursor');
  const readout = svg.parentElement.appendChild(document.createElement('output'));
  readout.className = 'readout';
  readout.hidden = true;
  const two = (value) => String(Math.floor(value)).padStart(2, '0');
  svg.addEventListener('pointermove', (event) => {
    const box = svg.getBoundingClientRect();
    const x = Math.min(x1, Math.max(x0, ((event.clientX - box.left) / box.width) * svg.viewBox.baseVal.width));
    const at = ((x - x0) / (x1 - x0)) * endS;
    cursor.setAttribute('d', 'M' + x.toFixed(1) + ' 10V' + (svg.viewBox.baseVal.height - 24));
    const said = lines.map(({ name, values }) => {
      const before = values.filter(([seconds]) => seconds <= at).pop();
      return name + '  ' + (before ? before[1].toLocaleString('en-US') : '-');
    });
    readout.textContent = [two(at / 3600) + ':' + two((at / 60) % 60) + ':' + two(at % 60), ...said].join('\\n');
    readout.hidden = false;
  });
  svg.addEventListener('pointerleave', () => {
    readout.hidden = true;
    cursor.removeAttribute('d');
  });
}
`;
