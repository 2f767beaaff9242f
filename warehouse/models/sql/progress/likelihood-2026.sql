/*
title: Likelihood of meeting the target, in calibrated language
publication: >-
  Our own method. Language: Mastrandrea, M. D. et al. (2010), Guidance Note for Lead Authors of the IPCC Fifth Assessment
  Report on Consistent Treatment of Uncertainties; IPCC AR6, Working Group I (2021), box 1.1. Probability: docs/methods/projection.md
edition: "2026"
measure: the calibrated probability that the value of the target year meets the target, as its owner counts it; null without a target
classes:
  met: positive
  very_likely: positive
  likely: positive
  about_as_likely_as_not: neutral
  unlikely: negative
  very_unlikely: negative
  not_met: negative
  improving: positive
  no_clear_change: neutral
  worsening: negative
components:
  probability: that the value of the target year meets the target; capped where the back-test has no cases, none where the class is refused
  yearly_change: mean change a year since the first value, in the indicator's unit; of the distance from one for a parity ratio
  yearly_change_lower: lower end of its 80 per cent interval
  yearly_change_upper: upper end of it
formula: |
  * with a target and a projection: the class of the probability p: very likely from 0.90, likely from 0.66, about as likely as not from 0.33, unlikely from 0.10, very unlikely below
  * met: the latest value meets the target as its owner counts it (`met_from`), and p is at least 0.66 or there is no projection; a value that meets the target and is likely to lose it has the class of its p
  * a deadline that has passed: met or not met by the value of that year, else of the nearest within two years, the earlier first
  * a level or a yes or no with a target: met or not met by the latest value
  * without a target: the mean yearly change d = (x_n - x_1) / T over T years since 2015, improving or worsening where the interval d ± t s / √T excludes zero. x is the value, its logarithm where the scale has no upper end and no value is zero, or the distance from one for a parity ratio. s² is the variance of a year's step, (S + 4 m) / (f + 4): S the squares of the steps before the last, f their freedom, m the median variance of all series of the indicator (a moderated t, Smyth 2004, four steps of prior); t the 90th percentile of Student's distribution with f + 4 degrees of freedom
  * no clear change where the change is below the declared noise, or both values are beyond the declared ceiling
  * refused, with the reason: the latest value is older than the indicator's `stale_after` (five years), the values span less than its `min_span` (three years), or there are too few

  Confidence, high, medium or low, stands beside each class: evidence (number and age of values, share of estimated or censored ones, number of sources)
  and agreement (share of the other methods that say the same: on course or not where there is a target, else which way; one step less where the sources differ by more than is declared), combined as in
  figure 1 of the guidance note. Cut-offs with reasons: `schemas/codelists/confidence_criteria.csv` and `confidence_levels.csv`; borders of the classes: `likelihood_classes.csv`.

  A value on a border belongs to the better class. The last step does not speak of the variance, so a better latest value never gives a worse class.
left_open: |
  * The guidance note's classes overlap (likely is 66 to 100 per cent). Each probability has one word here.
  * What the projection cannot know (plans, budgets, crises) is in no probability.
reproduced: |
  The nested back-test of the projection behind the probabilities, on four indicators (`pytest tests/golden/test_projection.py`).
  `compact backtest` repeats it on a whole release; docs/methods/projection.md has the reliability by tenths.
not_reproduced: |
  Likelihoods of these targets by country: none are published elsewhere.
*/
with
chance as (
    select indicator, ref_area, probability_target_met as p, anchored_on is not null as of_members
    from projection
    where time_period = target_year
),
-- The steps since the baseline year, on the scale of the assessment.
scaled as (
    select
        target_status.indicator,
        target_status.ref_area,
        any_value(definition.lowest >= 0 and definition.highest > 100.5
            and target_status.direction <> 'closer_to_one') and min(point.value) > 0 as by_logarithm,
        any_value(target_status.direction = 'closer_to_one') as parity
    from target_status
    join definition using (indicator)
    join assessment_point as point
        on point.indicator = target_status.indicator
        and point.ref_area = target_status.ref_area
        and point.time_period >= target_status.first_year
    group by target_status.indicator, target_status.ref_area
),
placed as (
    select
        point.indicator,
        point.ref_area,
        point.time_period,
        case
            when scaled.by_logarithm then ln(point.value)
            when scaled.parity then abs(point.value - 1)
            else point.value
        end as x
    from assessment_point as point
    join scaled
        on scaled.indicator = point.indicator
        and scaled.ref_area = point.ref_area
    join target_status
        on target_status.indicator = point.indicator
        and target_status.ref_area = point.ref_area
        and point.time_period >= target_status.first_year
),
stepped as (
    select
        *,
        x - lag(x) over series as dx,
        time_period - lag(time_period) over series as gap_years,
        first_value(x) over series as first_x,
        first_value(time_period) over series as first_period,
        row_number() over backwards = 1 as is_last,
        lag(x) over series as x_before,
        lag(time_period) over series as period_before
    from placed
    window
        series as (partition by indicator, ref_area order by time_period),
        backwards as (partition by indicator, ref_area order by time_period desc)
),
ended as (
    select
        indicator,
        ref_area,
        max(time_period) - min(time_period) as t,
        max(x) filter (where is_last) - max(first_x) as moved,
        max(x_before) filter (where is_last) - max(first_x) as moved_before,
        max(period_before) filter (where is_last) - max(first_period) as t_before,
        count(dx) as steps
    from stepped
    group by indicator, ref_area
),
squared as (
    select
        ended.indicator,
        ended.ref_area,
        ended.t,
        ended.moved,
        ended.steps,
        greatest(ended.steps - 2, 0) as freedom,
        coalesce(sum(power(stepped.dx - ended.moved_before / nullif(ended.t_before, 0) * stepped.gap_years, 2)
            / stepped.gap_years order by stepped.time_period)
            filter (where not stepped.is_last and stepped.dx is not null), 0) as squares
    from ended
    join stepped
        on stepped.indicator = ended.indicator
        and stepped.ref_area = ended.ref_area
    group by ended.indicator, ended.ref_area, ended.t, ended.moved, ended.steps
),
typical as (
    select squared.indicator, scaled.by_logarithm, median(squared.squares / squared.freedom) as variance
    from squared
    join scaled
        on scaled.indicator = squared.indicator
        and scaled.ref_area = squared.ref_area
    where squared.freedom >= 2
    group by squared.indicator, scaled.by_logarithm
),
-- Student's t, 10 per cent on each side, by degrees of freedom; beyond 30 that of 30, which is slightly stricter.
critical (freedom, t_value) as (
    values
        (1, 3.078), (2, 1.886), (3, 1.638), (4, 1.533), (5, 1.476), (6, 1.440), (7, 1.415), (8, 1.397), (9, 1.383),
        (10, 1.372), (11, 1.363), (12, 1.356), (13, 1.350), (14, 1.345), (15, 1.341), (16, 1.337), (17, 1.333),
        (18, 1.330), (19, 1.328), (20, 1.325), (21, 1.323), (22, 1.321), (23, 1.319), (24, 1.318), (25, 1.316),
        (26, 1.315), (27, 1.314), (28, 1.313), (29, 1.311), (30, 1.310)
),
changed as (
    select
        squared.indicator,
        squared.ref_area,
        squared.steps,
        scaled.by_logarithm,
        squared.moved / nullif(squared.t, 0) as change,
        critical.t_value::double
            * sqrt((squared.squares + coalesce(4 * typical.variance, 0))
                / (squared.freedom + if(typical.variance is null, 0, 4)) / nullif(squared.t, 0)) as half
    from squared
    join scaled
        on scaled.indicator = squared.indicator
        and scaled.ref_area = squared.ref_area
    left join typical
        on typical.indicator = squared.indicator
        and typical.by_logarithm = scaled.by_logarithm
    left join critical on critical.freedom = least(squared.freedom + if(typical.variance is null, 0, 4), 30)
),
joined as (
    select
        target_status.*,
        series.baseline_year,
        series.baseline_value,
        series.note,
        chance.p,
        -- a group simulated from its members needs no minimum length of its own official series
        if(chance.of_members and not target_status.stale, null, target_status.refused) as no_trend,
        changed.steps,
        changed.change,
        changed.half,
        changed.by_logarithm,
        if(target_status.direction = 'closer_to_one', -1, target_status.sign) as way,
        abs(target_status.latest_value - target_status.first_value) < coalesce(target_status.noise_step, 0)
            or abs(target_status.latest_value - target_status.first_value) < coalesce(target_status.noise_relative_step, 0) * abs(target_status.first_value)
            or coalesce(target_status.sign * target_status.latest_value >= target_status.sign * target_status.noise_beyond
                and target_status.sign * target_status.first_value >= target_status.sign * target_status.noise_beyond, false) as is_noise,
        projection_refused.reason as not_projected
    from target_status
    join assessment_input as series
        on series.indicator = target_status.indicator
        and series.ref_area = target_status.ref_area
    left join chance
        on chance.indicator = target_status.indicator
        and chance.ref_area = target_status.ref_area
    left join changed
        on changed.indicator = target_status.indicator
        and changed.ref_area = target_status.ref_area
    left join projection_refused
        on projection_refused.indicator = target_status.indicator
        and projection_refused.ref_area = target_status.ref_area
),
classed as (
    select
        joined.*,
        case
            when kind = 'none' then 'not_applicable'
            when coalesce(passed, false) then case
                when deadline_met then 'met'
                when not deadline_met then 'not_met'
                else 'insufficient_data'
            end
            when stale then 'insufficient_data'
            when kind in ('level', 'yes_no') then case
                when met then 'met'
                when not met then 'not_met'
                else 'not_applicable'
            end
            when kind in ('likelihood', 'parity') then case
                when met and coalesce(p, 1) >= 0.66::double then 'met'
                when no_trend is not null or p is null then 'insufficient_data'
                else likelihood_class.category
            end
            when refused is not null or change is null or half is null then 'insufficient_data'
            when is_noise then 'no_clear_change'
            when way * change - half > 0 then 'improving'
            when way * change + half < 0 then 'worsening'
            else 'no_clear_change'
        end as category,
        case
            when kind = 'none' then 'neither more nor less of it is judged'
            when coalesce(passed, false) and deadline_met is null then 'the deadline has passed, and there is no value near that year'
            when coalesce(passed, false) then 'the deadline has passed; the value of ' || deadline_value_year || ' decides'
            when stale then refused
            when kind in ('level', 'yes_no') and met is null and latest_side <> 'none' and met_at is not null
                then 'the published bound does not decide it'
            when kind = 'level' and met_at is null then 'a level without a target: no trend is judged'
            when kind = 'yes_no' and met_at is null then if(latest_value > 0, 'has it', 'has it not')
            when kind in ('level', 'yes_no') then null
            when kind in ('likelihood', 'parity') and met and coalesce(p, 1) >= 0.66::double then null
            when kind in ('likelihood', 'parity') and no_trend is null and p is not null then null
            when refused is not null then refused
            when kind in ('likelihood', 'parity') and p is null then case
                when not_projected = 'too_few_points' then 'too few values to project: ' || points
                when not_projected = 'last_point_too_old' then 'the latest value is too old to project'
                else 'no projection to the target year'
            end
            when kind in ('likelihood', 'parity') then null
            when change is null or half is null then 'too few values to tell a change from noise'
            when is_noise then 'the change is within the declared noise'
            else target_note
        end as said
    from joined
    left join likelihood_class
        on joined.p >= likelihood_class.at_least
    qualify row_number() over (
        partition by joined.indicator, joined.ref_area
        order by likelihood_class.at_least desc nulls last) = 1
),
outlooked as (
    select
        classed.*,
        case
            when category in ('met', 'very_likely', 'likely', 'improving') then 'positive'
            when category in ('about_as_likely_as_not', 'no_clear_change') then 'neutral'
            when category in ('insufficient_data', 'not_applicable') then null
            else 'negative'
        end as pointing,
        coalesce(method_outlook.positive, 0) as positive,
        coalesce(method_outlook.neutral, 0) as neutral,
        coalesce(method_outlook.negative, 0) as negative,
        coalesce(method_outlook.on_course, 0) as on_course,
        coalesce(differing.cells, 0) as differing
    from classed
    left join method_outlook
        on method_outlook.indicator = classed.indicator
        and method_outlook.ref_area = classed.ref_area
    left join (
        select disagreement.indicator, disagreement.ref_area, count(*) as cells
        from disagreement
        join target_status
            on target_status.indicator = disagreement.indicator
            and target_status.ref_area = disagreement.ref_area
            and disagreement.time_period > target_status.latest_year - 5
        where disagreement.tolerance is not null
        group by disagreement.indicator, disagreement.ref_area
    ) as differing
        on differing.indicator = classed.indicator
        and differing.ref_area = classed.ref_area
),
criterion as (
    select indicator, ref_area, 'points' as criterion, recent_points::double as amount from outlooked
    union all
    select indicator, ref_area, 'age' as criterion, (this_year - latest_year)::double as amount from outlooked
    union all
    select indicator, ref_area, 'uncertain_share' as criterion,
        uncertain_points::double / nullif(recent_points, 0) as amount from outlooked
    union all
    select indicator, ref_area, 'sources' as criterion, sources::double as amount from outlooked
    union all
    select indicator, ref_area, 'share' as criterion,
        case
            when positive + neutral + negative < 2 then null
            -- for a target: whether the others are on course
            when kind <> 'direction' and pointing = 'positive' then on_course::double / (positive + neutral + negative)
            when kind <> 'direction' and pointing = 'negative' then 1 - on_course::double / (positive + neutral + negative)
            when kind <> 'direction' then
                2 * least(on_course, positive + neutral + negative - on_course)::double / (positive + neutral + negative)
            when pointing = 'positive' then positive::double / (positive + neutral + negative)
            when pointing = 'negative' then negative::double / (positive + neutral + negative)
            else 1 - greatest(positive, negative)::double / (positive + neutral + negative)
        end as amount from outlooked
),
levelled as (
    select criterion.indicator, criterion.ref_area, criterion.criterion, max(limits.level) as level
    from criterion
    join confidence_criterion as limits
        on limits.criterion = criterion.criterion
        and (limits.at_least is null or criterion.amount >= limits.at_least)
        and (limits.at_most is null or criterion.amount <= limits.at_most)
    where criterion.amount is not null
    group by criterion.indicator, criterion.ref_area, criterion.criterion
),
weighed as (
    select
        indicator,
        ref_area,
        sum(if(criterion = 'share', 0, level)) as evidence_points,
        max(if(criterion = 'share', level, null)) as agreement_level
    from levelled
    group by indicator, ref_area
),
graded as (
    select
        weighed.indicator,
        weighed.ref_area,
        max(limits.level) as evidence_level,
        -- without two methods to compare the agreement is medium
        coalesce(weighed.agreement_level, 1) as agreement_level
    from weighed
    join confidence_criterion as limits
        on limits.criterion = 'evidence'
        and weighed.evidence_points >= limits.at_least
    group by weighed.indicator, weighed.ref_area, weighed.agreement_level
),
named as (
    select
        outlooked.*,
        case evidence_level when 2 then 'robust' when 1 then 'medium' else 'limited' end as evidence_word,
        case greatest(agreement_level - if(differing > 0, 1, 0), 0) when 2 then 'high' when 1 then 'medium' else 'low' end
            as agreement_word
    from outlooked
    left join graded
        on graded.indicator = outlooked.indicator
        and graded.ref_area = outlooked.ref_area
)
select
    named.*,
    if(kind in ('likelihood', 'parity') and category <> 'insufficient_data', p, null) as measure,
    null::double as score,
    said as reason,
    -- what is refused has no probability either: a word and a number must not say different things
    if(kind in ('likelihood', 'parity') and category <> 'insufficient_data', p, null) as probability,
    if(by_logarithm, (exp(change) - 1) * latest_value, change) as yearly_change,
    if(by_logarithm, (exp(change - half) - 1) * latest_value, change - half) as yearly_change_lower,
    if(by_logarithm, (exp(change + half) - 1) * latest_value, change + half) as yearly_change_upper,
    if(pointing is null, null, evidence_word) as evidence,
    if(pointing is null, null, agreement_word) as agreement,
    if(pointing is null, null, confidence_level.confidence) as confidence
from named
left join confidence_level
    on confidence_level.evidence = evidence_word
    and confidence_level.agreement = agreement_word
