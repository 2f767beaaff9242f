// What the charts use of Observable Plot, d3 and topojson-client, and no more. Run by hand when a version or a use changes:
//   npm install @observablehq/plot@0.6.17 d3@7.9.2 topojson-client@3.1.0 esbuild@0.28.2
//   npx esbuild plot.mjs --bundle --minify --format=iife --legal-comments=none --outfile=plot.js
import { areaY, barY, dot, line, lineY, link, plot, pointerX, pointerY, ruleX, ruleY, text, tickX, tip } from "@observablehq/plot";
import { extent, geoArea, geoEqualEarth, geoPath, max, median, min, quantileSorted, range, rollup, scaleLinear, scaleLog, scaleThreshold } from "d3";
import { feature, mesh } from "topojson-client";

globalThis.Plot = { areaY, barY, dot, line, lineY, link, plot, pointerX, pointerY, ruleX, ruleY, text, tickX, tip };
globalThis.d3 = { extent, geoArea, geoEqualEarth, geoPath, max, median, min, quantileSorted, range, rollup, scaleLinear, scaleLog, scaleThreshold };
globalThis.topojson = { feature, mesh };
