;; Attention of one query over keys and values, and its gradient; see heap-attention.ts. `columns` is a positive multiple of 4.

  ;; weights[token] = query . keys[token]. A product is summed in the same order wherever its token stands.
  (func $score (export "score")
    (param $weights i32) (param $query i32) (param $keys i32) (param $stride i32) (param $tokens i32) (param $columns i32)
    (local $end i32) (local $at i32) (local $q v128)
    (local $k0 i32) (local $k1 i32) (local $k2 i32) (local $k3 i32)
    (local $s0 v128) (local $s1 v128) (local $s2 v128) (local $s3 v128)
    (local.set $end (i32.shl (local.get $columns) (i32.const 2)))
    (local.set $k0 (local.get $keys))
    ;; four tokens at a time, so that a part of the query is read once for them
    (block $rest
      (loop $four
        (br_if $rest (i32.lt_u (local.get $tokens) (i32.const 4)))
        (local.set $k1 (i32.add (local.get $k0) (local.get $stride)))
        (local.set $k2 (i32.add (local.get $k1) (local.get $stride)))
        (local.set $k3 (i32.add (local.get $k2) (local.get $stride)))
        (local.set $s0 (v128.const f32x4 0 0 0 0))
        (local.set $s1 (v128.const f32x4 0 0 0 0))
        (local.set $s2 (v128.const f32x4 0 0 0 0))
        (local.set $s3 (v128.const f32x4 0 0 0 0))
        (local.set $at (i32.const 0))
        (loop $column
          (local.set $q (v128.load align=4 (i32.add (local.get $query) (local.get $at))))
          (local.set $s0 (f32x4.add (local.get $s0)
            (f32x4.mul (local.get $q) (v128.load align=4 (i32.add (local.get $k0) (local.get $at))))))
          (local.set $s1 (f32x4.add (local.get $s1)
            (f32x4.mul (local.get $q) (v128.load align=4 (i32.add (local.get $k1) (local.get $at))))))
          (local.set $s2 (f32x4.add (local.get $s2)
            (f32x4.mul (local.get $q) (v128.load align=4 (i32.add (local.get $k2) (local.get $at))))))
          (local.set $s3 (f32x4.add (local.get $s3)
            (f32x4.mul (local.get $q) (v128.load align=4 (i32.add (local.get $k3) (local.get $at))))))
          (br_if $column
            (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 16))) (local.get $end))))
        ;; lanes of a token in pairs: s0 = (a0+a1, b0+b1, a2+a3, b2+b3), s2 the same of the other two tokens
        (local.set $s0 (f32x4.add
          (i8x16.shuffle 0 1 2 3 16 17 18 19 8 9 10 11 24 25 26 27 (local.get $s0) (local.get $s1))
          (i8x16.shuffle 4 5 6 7 20 21 22 23 12 13 14 15 28 29 30 31 (local.get $s0) (local.get $s1))))
        (local.set $s2 (f32x4.add
          (i8x16.shuffle 0 1 2 3 16 17 18 19 8 9 10 11 24 25 26 27 (local.get $s2) (local.get $s3))
          (i8x16.shuffle 4 5 6 7 20 21 22 23 12 13 14 15 28 29 30 31 (local.get $s2) (local.get $s3))))
        (v128.store align=4 (local.get $weights) (f32x4.add
          (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $s0) (local.get $s2))
          (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $s0) (local.get $s2))))
        (local.set $weights (i32.add (local.get $weights) (i32.const 16)))
        (local.set $k0 (i32.add (local.get $k3) (local.get $stride)))
        (local.set $tokens (i32.sub (local.get $tokens) (i32.const 4)))
        (br $four)))
    ;; then one
    (block $done
      (loop $one
        (br_if $done (i32.eqz (local.get $tokens)))
        (local.set $s0 (v128.const f32x4 0 0 0 0))
        (local.set $at (i32.const 0))
        (loop $column
          (local.set $s0 (f32x4.add (local.get $s0) (f32x4.mul
            (v128.load align=4 (i32.add (local.get $query) (local.get $at)))
            (v128.load align=4 (i32.add (local.get $k0) (local.get $at))))))
          (br_if $column
            (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 16))) (local.get $end))))
        (f32.store (local.get $weights) (f32.add
          (f32.add (f32x4.extract_lane 0 (local.get $s0)) (f32x4.extract_lane 1 (local.get $s0)))
          (f32.add (f32x4.extract_lane 2 (local.get $s0)) (f32x4.extract_lane 3 (local.get $s0)))))
        (local.set $weights (i32.add (local.get $weights) (i32.const 4)))
        (local.set $k0 (i32.add (local.get $k0) (local.get $stride)))
        (local.set $tokens (i32.sub (local.get $tokens) (i32.const 1)))
        (br $one))))

  ;; score for all heads of a query, whose weights lie `apart` bytes apart; `group` of them share one of keys. Tokens go in blocks, so that
  ;; those of a cache are read one after another: a head by itself would skip through them.
  (func (export "scoreHeads")
    (param $weights i32) (param $query i32) (param $keys i32) (param $stride i32) (param $tokens i32) (param $columns i32)
    (param $heads i32) (param $group i32) (param $apart i32)
    (local $head i32) (local $count i32)
    (block $done
      (loop $block
        (br_if $done (i32.eqz (local.get $tokens)))
        (local.set $count (select (local.get $tokens) (i32.const 16) (i32.lt_u (local.get $tokens) (i32.const 16))))
        (local.set $head (i32.const 0))
        (loop $next
          (call $score
            (i32.add (local.get $weights) (i32.mul (local.get $head) (local.get $apart)))
            (i32.add (local.get $query) (i32.shl (i32.mul (local.get $head) (local.get $columns)) (i32.const 2)))
            (i32.add (local.get $keys) (i32.shl
              (i32.mul (i32.div_u (local.get $head) (local.get $group)) (local.get $columns)) (i32.const 2)))
            (local.get $stride) (local.get $count) (local.get $columns))
          (br_if $next
            (i32.lt_u (local.tee $head (i32.add (local.get $head) (i32.const 1))) (local.get $heads))))
        (local.set $weights (i32.add (local.get $weights) (i32.const 64)))
        (local.set $keys (i32.add (local.get $keys) (i32.shl (local.get $stride) (i32.const 4))))
        (local.set $tokens (i32.sub (local.get $tokens) (local.get $count)))
        (br $block))))

  ;; weights = softmax(scale * weights), tokens >= 1, in place; up to four numbers behind the last are overwritten.
  ;; NaN is handed on.
  (func (export "softmax") (param $weights i32) (param $tokens i32) (param $scale f32)
    (local $at i32) (local $end i32)
    (local $y v128) (local $highest v128) (local $sum v128)
    (local.set $end (i32.add (local.get $weights) (i32.shl (local.get $tokens) (i32.const 2))))
    (local.set $at (local.get $weights))
    (loop $scale
      (v128.store align=4 (local.get $at)
        (f32x4.mul (v128.load align=4 (local.get $at)) (f32x4.splat (local.get $scale))))
      (br_if $scale (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 16))) (local.get $end))))
    ;; what fills the last four counts for nothing
    (v128.store align=4 (local.get $end) (v128.const f32x4 -inf -inf -inf -inf))
    (local.set $highest (v128.const f32x4 -inf -inf -inf -inf))
    (local.set $at (local.get $weights))
    (loop $highest
      (local.set $highest (f32x4.max (local.get $highest) (v128.load align=4 (local.get $at))))
      (br_if $highest (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 16))) (local.get $end))))
    (local.set $highest (f32x4.splat (f32.max
      (f32.max (f32x4.extract_lane 0 (local.get $highest)) (f32x4.extract_lane 1 (local.get $highest)))
      (f32.max (f32x4.extract_lane 2 (local.get $highest)) (f32x4.extract_lane 3 (local.get $highest))))))
    (local.set $at (local.get $weights))
    (loop $exponential
      (local.set $y (call $exponential (f32x4.sub (v128.load align=4 (local.get $at)) (local.get $highest))))
      (v128.store align=4 (local.get $at) (local.get $y))
      (local.set $sum (f32x4.add (local.get $sum) (local.get $y)))
      (br_if $exponential (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 16))) (local.get $end))))
    (local.set $sum (f32x4.splat (f32.div (f32.const 1) (f32.add
      (f32.add (f32x4.extract_lane 0 (local.get $sum)) (f32x4.extract_lane 1 (local.get $sum)))
      (f32.add (f32x4.extract_lane 2 (local.get $sum)) (f32x4.extract_lane 3 (local.get $sum)))))))
    (local.set $at (local.get $weights))
    (loop $share
      (v128.store align=4 (local.get $at) (f32x4.mul (v128.load align=4 (local.get $at)) (local.get $sum)))
      (br_if $share (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 16))) (local.get $end)))))

  ;; sums += sum over tokens of weights[token] * values[token]
  (func $mix (export "mix")
    (param $sums i32) (param $weights i32) (param $values i32) (param $stride i32) (param $tokens i32) (param $columns i32)
    (local $weight i32) (local $value i32) (local $left i32) (local $w v128)
    (local $s0 v128) (local $s1 v128) (local $s2 v128) (local $s3 v128)
    (br_if 0 (i32.eqz (local.get $tokens)))
    ;; sixteen columns at a time
    (block $rest
      (loop $wide
        (br_if $rest (i32.lt_u (local.get $columns) (i32.const 16)))
        (local.set $s0 (v128.load align=4 (local.get $sums)))
        (local.set $s1 (v128.load offset=16 align=4 (local.get $sums)))
        (local.set $s2 (v128.load offset=32 align=4 (local.get $sums)))
        (local.set $s3 (v128.load offset=48 align=4 (local.get $sums)))
        (local.set $weight (local.get $weights))
        (local.set $value (local.get $values))
        (local.set $left (local.get $tokens))
        (loop $token
          (local.set $w (v128.load32_splat (local.get $weight)))
          (local.set $s0 (f32x4.add (local.get $s0)
            (f32x4.mul (local.get $w) (v128.load align=4 (local.get $value)))))
          (local.set $s1 (f32x4.add (local.get $s1)
            (f32x4.mul (local.get $w) (v128.load offset=16 align=4 (local.get $value)))))
          (local.set $s2 (f32x4.add (local.get $s2)
            (f32x4.mul (local.get $w) (v128.load offset=32 align=4 (local.get $value)))))
          (local.set $s3 (f32x4.add (local.get $s3)
            (f32x4.mul (local.get $w) (v128.load offset=48 align=4 (local.get $value)))))
          (local.set $weight (i32.add (local.get $weight) (i32.const 4)))
          (local.set $value (i32.add (local.get $value) (local.get $stride)))
          (br_if $token (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
        (v128.store align=4 (local.get $sums) (local.get $s0))
        (v128.store offset=16 align=4 (local.get $sums) (local.get $s1))
        (v128.store offset=32 align=4 (local.get $sums) (local.get $s2))
        (v128.store offset=48 align=4 (local.get $sums) (local.get $s3))
        (local.set $sums (i32.add (local.get $sums) (i32.const 64)))
        (local.set $values (i32.add (local.get $values) (i32.const 64)))
        (local.set $columns (i32.sub (local.get $columns) (i32.const 16)))
        (br $wide)))
    ;; then four
    (block $done
      (loop $narrow
        (br_if $done (i32.eqz (local.get $columns)))
        (local.set $s0 (v128.load align=4 (local.get $sums)))
        (local.set $weight (local.get $weights))
        (local.set $value (local.get $values))
        (local.set $left (local.get $tokens))
        (loop $token
          (local.set $s0 (f32x4.add (local.get $s0)
            (f32x4.mul (v128.load32_splat (local.get $weight)) (v128.load align=4 (local.get $value)))))
          (local.set $weight (i32.add (local.get $weight) (i32.const 4)))
          (local.set $value (i32.add (local.get $value) (local.get $stride)))
          (br_if $token (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
        (v128.store align=4 (local.get $sums) (local.get $s0))
        (local.set $sums (i32.add (local.get $sums) (i32.const 16)))
        (local.set $values (i32.add (local.get $values) (i32.const 16)))
        (local.set $columns (i32.sub (local.get $columns) (i32.const 4)))
        (br $narrow))))

  ;; mix for all heads; as scoreHeads
  (func (export "mixHeads")
    (param $sums i32) (param $weights i32) (param $values i32) (param $stride i32) (param $tokens i32) (param $columns i32)
    (param $heads i32) (param $group i32) (param $apart i32)
    (local $head i32) (local $count i32)
    (block $done
      (loop $block
        (br_if $done (i32.eqz (local.get $tokens)))
        (local.set $count (select (local.get $tokens) (i32.const 16) (i32.lt_u (local.get $tokens) (i32.const 16))))
        (local.set $head (i32.const 0))
        (loop $next
          (call $mix
            (i32.add (local.get $sums) (i32.shl (i32.mul (local.get $head) (local.get $columns)) (i32.const 2)))
            (i32.add (local.get $weights) (i32.mul (local.get $head) (local.get $apart)))
            (i32.add (local.get $values) (i32.shl
              (i32.mul (i32.div_u (local.get $head) (local.get $group)) (local.get $columns)) (i32.const 2)))
            (local.get $stride) (local.get $count) (local.get $columns))
          (br_if $next
            (i32.lt_u (local.tee $head (i32.add (local.get $head) (i32.const 1))) (local.get $heads))))
        (local.set $weights (i32.add (local.get $weights) (i32.const 64)))
        (local.set $values (i32.add (local.get $values) (i32.shl (local.get $stride) (i32.const 4))))
        (local.set $tokens (i32.sub (local.get $tokens) (local.get $count)))
        (br $block))))

  ;; From the slope of each probability to that of its score: slopes = scale * weights * (slopes - weights . slopes), in place.
  ;; Up to four numbers behind the last of `slopes` are overwritten; those behind the weights are zeros, as softmax leaves them.
  (func (export "slope") (param $slopes i32) (param $weights i32) (param $tokens i32) (param $scale f32)
    (local $at i32) (local $end i32) (local $mean v128)
    (local.set $end (i32.shl (local.get $tokens) (i32.const 2)))
    (v128.store align=4 (i32.add (local.get $slopes) (local.get $end)) (v128.const f32x4 0 0 0 0))
    (loop $mean
      (local.set $mean (f32x4.add (local.get $mean) (f32x4.mul
        (v128.load align=4 (i32.add (local.get $weights) (local.get $at)))
        (v128.load align=4 (i32.add (local.get $slopes) (local.get $at))))))
      (br_if $mean (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 16))) (local.get $end))))
    (local.set $mean (f32x4.splat (f32.add
      (f32.add (f32x4.extract_lane 0 (local.get $mean)) (f32x4.extract_lane 1 (local.get $mean)))
      (f32.add (f32x4.extract_lane 2 (local.get $mean)) (f32x4.extract_lane 3 (local.get $mean))))))
    (local.set $at (i32.const 0))
    (loop $slope
      (v128.store align=4 (i32.add (local.get $slopes) (local.get $at)) (f32x4.mul
        (f32x4.mul (f32x4.splat (local.get $scale)) (v128.load align=4 (i32.add (local.get $weights) (local.get $at))))
        (f32x4.sub (v128.load align=4 (i32.add (local.get $slopes) (local.get $at))) (local.get $mean))))
      (br_if $slope (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 16))) (local.get $end)))))

  ;; rows[token] += factors[token] * vector
  (func (export "spread")
    (param $rows i32) (param $factors i32) (param $vector i32) (param $stride i32) (param $tokens i32) (param $columns i32)
    (local $end i32) (local $at i32) (local $factor v128) (local $to i32)
    (local.set $end (i32.shl (local.get $columns) (i32.const 2)))
    (block $done
      (loop $token
        (br_if $done (i32.eqz (local.get $tokens)))
        (local.set $factor (v128.load32_splat (local.get $factors)))
        (local.set $at (i32.const 0))
        (loop $column
          (local.set $to (i32.add (local.get $rows) (local.get $at)))
          (v128.store align=4 (local.get $to) (f32x4.add
            (v128.load align=4 (local.get $to))
            (f32x4.mul (local.get $factor) (v128.load align=4 (i32.add (local.get $vector) (local.get $at))))))
          (br_if $column
            (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 16))) (local.get $end))))
        (local.set $factors (i32.add (local.get $factors) (i32.const 4)))
        (local.set $rows (i32.add (local.get $rows) (local.get $stride)))
        (local.set $tokens (i32.sub (local.get $tokens) (i32.const 1)))
        (br $token))))
