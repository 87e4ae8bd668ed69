// data-chart="ID": lines drawn from the table of that id, so that chart and table always say the same. Each column marked
// data-line is a small chart with a scale of its own; all share one axis of time. A column marked data-before is the
// dashed line of the period before, in the chart of the column to its left; one marked data-step holds its value until
// the next. An empty data-value is a gap.
import { LineChart } from 'echarts/charts'
import { AriaComponent, GridComponent, TitleComponent, TooltipComponent } from 'echarts/components'
import * as echarts from 'echarts/core'
import { SVGRenderer } from 'echarts/renderers'

echarts.use([LineChart, AriaComponent, GridComponent, TitleComponent, TooltipComponent, SVGRenderer])

const HEIGHT = 84, GAP = 22, TOP = 18
const grouped = new Intl.NumberFormat('en')
const short = value => (value >= 1e6 ? `${value / 1e6}M` : value >= 1000 ? `${value / 1000}k` : value)

// A colour of ours as the library understands it: light-dark() and var() resolved by the browser.
const colour = name => {
  const probe = document.body.appendChild(Object.assign(document.createElement('i'), { className: 'probe' }))
  probe.style.color = `var(${name})`
  const found = getComputedStyle(probe).color
  probe.remove()
  return found
}

const escaped = text => text.replace(/[&<>"]/g, sign => `&#${sign.charCodeAt(0)};`)

const read = table => {
  const heads = [...table.tHead.rows[0].cells]
  const rows = [...table.tBodies[0].rows]
  const value = cell => (cell.dataset.value === '' ? null : Number(cell.dataset.value ?? cell.textContent.replace(/[^\d.-]/g, '')))
  const values = at => rows.map(row => value(row.cells[at]))
  const lines = heads.flatMap((head, at) => (head.dataset.line === undefined ? [] : [{
    name: head.textContent.trim(),
    now: values(at),
    step: head.dataset.step === undefined ? false : 'end',
    before: heads[at + 1]?.dataset.before === undefined ? null : values(at + 1),
  }]))
  return { days: rows.map(row => row.cells[0].textContent.trim()), lines }
}

const told = ({ days, lines }, at) => [
  `<div class="chart-tip"><b>${escaped(days[at])}</b>`,
  ...lines.map((line, n) => `<div><span class="k${n + 1}">${escaped(line.name)}</span><span><b>${line.now[at] === null ? '–' : grouped.format(line.now[at])}</b>${line.before ? ` was ${grouped.format(line.before[at])}` : ''}</span></div>`),
  '</div>',
].join('')

const options = (found, isNarrow) => {
  const { days, lines } = found
  const [ink, faint, rule, was, surface] = ['--ink', '--ink-3', '--line', '--series-0', '--surface'].map(colour)
  const font = 'Inter Variable, Inter, sans-serif'
  const small = { color: faint, fontSize: 11, fontFamily: font }
  const top = n => TOP + n * (HEIGHT + GAP)
  const apart = Math.max(1, Math.ceil(days.length / (isNarrow ? 3 : 6)))
  const drawn = lines.flatMap((line, n) => {
    const own = colour(`--series-${n + 1}`)
    const both = { type: 'line', xAxisIndex: n, yAxisIndex: n, showSymbol: days.length === 1 }
    const past = line.before && { ...both, name: `${line.name}, before`, data: line.before, silent: true, lineStyle: { color: was, width: 1.25, type: [4, 3] }, itemStyle: { color: was } }
    const now = { ...both, name: line.name, data: line.now, step: line.step, lineStyle: { color: own, width: 1.75 }, itemStyle: { color: own }, areaStyle: { color: own, opacity: 0.07 } }
    return past ? [past, now] : [now]
  })
  return {
    animation: false,
    aria: { enabled: true },
    textStyle: { fontFamily: font },
    axisPointer: { link: [{ xAxisIndex: 'all' }], lineStyle: { color: faint, type: 'solid' } },
    tooltip: { trigger: 'axis', backgroundColor: surface, borderColor: rule, padding: [8, 10], confine: true, formatter: points => told(found, points[0].dataIndex) },
    title: lines.map((line, n) => ({ text: line.name, left: 0, top: top(n) - 18, padding: 0, textStyle: { ...small, color: ink, fontWeight: 500, fontSize: 12 } })),
    grid: lines.map((_, n) => ({ outerBoundsMode: 'none', left: 0, right: isNarrow ? 34 : 40, top: top(n) + 4, height: HEIGHT - 8 })),
    xAxis: lines.map((_, n) => ({
      type: 'category', gridIndex: n, data: days, boundaryGap: false,
      axisTick: { show: false }, axisLine: { lineStyle: { color: rule } },
      axisLabel: { show: n === lines.length - 1, ...small, interval: at => at % apart === 0, align: 'left', showMaxLabel: false },
    })),
    yAxis: lines.map((_, n) => ({
      type: 'value', gridIndex: n, position: 'right', splitNumber: 2, min: 0, minInterval: 1,
      splitLine: { lineStyle: { color: rule } }, axisLabel: { ...small, showMinLabel: false, formatter: short },
    })),
    series: drawn,
  }
}

const draw = box => {
  const chart = echarts.getInstanceByDom(box) ?? echarts.init(box, null, { renderer: 'svg' })
  chart.setOption(options(read(document.getElementById(box.dataset.chart)), box.clientWidth < 500), true)
  chart.resize()
}

const drawAll = () => document.querySelectorAll('[data-chart]').forEach(draw)

drawAll()
document.addEventListener('theme', drawAll)
document.addEventListener('htmx:afterSettle', drawAll)
addEventListener('resize', drawAll)
