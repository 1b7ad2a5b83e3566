;; Inner loops of attention over cached keys and values, four columns at a time; see heap-attention.ts.
(module
  (import "heap" "memory" (memory 0))
  ;; weights[token] = query . keys[token]; pointers and the stride in bytes, columns a positive multiple of 4
  (func (export "score")
    (param $weights i32) (param $query i32) (param $keys i32) (param $stride i32) (param $tokens i32) (param $columns i32)
    (local $key i32) (local $end i32) (local $at i32) (local $sum v128)
    (local.set $end (i32.shl (local.get $columns) (i32.const 2)))
    (block $done
      (loop $token
        (br_if $done (i32.eqz (local.get $tokens)))
        (local.set $sum (v128.const f32x4 0 0 0 0))
        (local.set $at (i32.const 0))
        (loop $column
          (local.set $sum
            (f32x4.add
              (local.get $sum)
              (f32x4.mul
                (v128.load align=4 (i32.add (local.get $query) (local.get $at)))
                (v128.load align=4 (i32.add (local.get $keys) (local.get $at))))))
          (br_if $column
            (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 16))) (local.get $end))))
        (f32.store (local.get $weights)
          (f32.add
            (f32.add (f32x4.extract_lane 0 (local.get $sum)) (f32x4.extract_lane 1 (local.get $sum)))
            (f32.add (f32x4.extract_lane 2 (local.get $sum)) (f32x4.extract_lane 3 (local.get $sum)))))
        (local.set $weights (i32.add (local.get $weights) (i32.const 4)))
        (local.set $keys (i32.add (local.get $keys) (local.get $stride)))
        (local.set $tokens (i32.sub (local.get $tokens) (i32.const 1)))
        (br $token))))
  ;; sums = sum over tokens of weights[token] * values[token]
  (func (export "mix")
    (param $sums i32) (param $weights i32) (param $values i32) (param $stride i32) (param $tokens i32) (param $columns i32)
    (local $weight i32) (local $value i32) (local $left i32) (local $s0 v128) (local $s1 v128) (local $s2 v128) (local $s3 v128) (local $w v128)
    ;; sixteen columns at a time
    (block $rest
      (loop $wide
        (br_if $rest (i32.lt_u (local.get $columns) (i32.const 16)))
        (local.set $s0 (v128.const f32x4 0 0 0 0))
        (local.set $s1 (v128.const f32x4 0 0 0 0))
        (local.set $s2 (v128.const f32x4 0 0 0 0))
        (local.set $s3 (v128.const f32x4 0 0 0 0))
        (local.set $weight (local.get $weights))
        (local.set $value (local.get $values))
        (local.set $left (local.get $tokens))
        (block $summed
          (loop $token
            (br_if $summed (i32.eqz (local.get $left)))
            (local.set $w (v128.load32_splat (local.get $weight)))
            (local.set $s0 (f32x4.add (local.get $s0) (f32x4.mul (local.get $w) (v128.load align=4 (local.get $value)))))
            (local.set $s1 (f32x4.add (local.get $s1) (f32x4.mul (local.get $w) (v128.load offset=16 align=4 (local.get $value)))))
            (local.set $s2 (f32x4.add (local.get $s2) (f32x4.mul (local.get $w) (v128.load offset=32 align=4 (local.get $value)))))
            (local.set $s3 (f32x4.add (local.get $s3) (f32x4.mul (local.get $w) (v128.load offset=48 align=4 (local.get $value)))))
            (local.set $weight (i32.add (local.get $weight) (i32.const 4)))
            (local.set $value (i32.add (local.get $value) (local.get $stride)))
            (local.set $left (i32.sub (local.get $left) (i32.const 1)))
            (br $token)))
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
        (local.set $s0 (v128.const f32x4 0 0 0 0))
        (local.set $weight (local.get $weights))
        (local.set $value (local.get $values))
        (local.set $left (local.get $tokens))
        (block $summed
          (loop $token
            (br_if $summed (i32.eqz (local.get $left)))
            (local.set $s0
              (f32x4.add (local.get $s0)
                (f32x4.mul (v128.load32_splat (local.get $weight)) (v128.load align=4 (local.get $value)))))
            (local.set $weight (i32.add (local.get $weight) (i32.const 4)))
            (local.set $value (i32.add (local.get $value) (local.get $stride)))
            (local.set $left (i32.sub (local.get $left) (i32.const 1)))
            (br $token)))
        (v128.store align=4 (local.get $sums) (local.get $s0))
        (local.set $sums (i32.add (local.get $sums) (i32.const 16)))
        (local.set $values (i32.add (local.get $values) (i32.const 16)))
        (local.set $columns (i32.sub (local.get $columns) (i32.const 4)))
        (br $narrow)))))
